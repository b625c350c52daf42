/*
 * Loaded into each service before its own code. The services are process groups of their own, so that
 * a Ctrl-C meant for all of them is given to one after the other. Then nothing would end them if who
 * started them were killed: this does.
 */
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
// A service ends when it has nothing left to do, whether or not its parent is there.
process.channel?.unref();
