import { main } from '../../packages/client/src/cli/main.js';

/** The `holdfast` command from its sources. */
await main();
