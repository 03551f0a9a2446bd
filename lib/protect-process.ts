/* Each program imports this first, so that these protections hold however it is started. */

const minMajor = 24;
if (Number(process.versions.node.split(".")[0]) < minMajor) {
  process.stderr.write(
    `This program requires Node.js ${minMajor} or newer, but this is ${process.versions.node}: start it with npm run, which finds a suitable one.\n`,
  );
  process.exit(1);
}

// On SIGUSR1, Node.js opens its inspector, which lets any user of the machine read every key.
process.on("SIGUSR1", () => {});

// A core dump would contain every key. Only a shell can set this limit, so the process becomes a shell, which
// then runs this program again. A process with an IPC channel would lose the channel; `npm start` has already
// set its limit.
if (process.platform !== "win32" && process.channel === undefined && allowsCoreDumps()) {
  const command = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  process.execve?.("/bin/sh", ["sh", "-c", 'ulimit -c 0 && exec "$0" "$@"', ...command]);
}

function allowsCoreDumps(): boolean {
  const report = process.report.getReport() as { userLimits?: Record<string, { soft: number | string }> };
  return report.userLimits?.core_file_size_blocks?.soft !== 0;
}
