/** Wakes the one who waits. Whoever waits looks again whether what they waited for is there. */
export class Bell {
  private wake: (() => void) | undefined;

  wait(): Promise<void> {
    return new Promise((resolve) => {
      this.wake = resolve;
    });
  }

  ring(): void {
    const { wake } = this;
    this.wake = undefined;
    wake?.();
  }
}
