/**
 * bull-board shows the buttons of everything it can do to a queue that is not read-only. Only retries
 * are done from here; the rest would be refused, so it is not shown either. Buttons are told apart by
 * their icons, which do not depend on the language.
 */
export const pageStyle = `
[class*="jobActions-"] > li:not(:has(.lucide-refresh-cw)),
[class*="queueActions-"] > li:not(:has(.lucide-refresh-cw)),
[class*="trigger-"]:has(.lucide-ellipsis-vertical),
[class*="editButton-"],
[role="menuitem"]:has(.lucide-pause, .lucide-play, .lucide-trash) {
  display: none;
}
[class*="badgeWrap-"] button {
  pointer-events: none;
}
`;
