/**
 * Calls back once the parent process has ended. On SIGTERM npm's shell dies without signalling its child,
 * which then gets another parent. Runs only under npm: a person may close the terminal and leave a program
 * running.
 * @param {() => void} stop
 */
export function stopWithParent(stop) {
  if (!process.env.npm_lifecycle_event) return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    stop();
  }, 250);
  timer.unref();
}
