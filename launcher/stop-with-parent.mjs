/**
 * Calls back once the process that started this one has ended. On SIGTERM npm's shell dies without telling its child, which
 * then belongs to another parent. Only under npm: a person's terminal may close and leave a program running.
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
