// Preloaded into web and automate: if the launcher is killed, they stop as if it had asked them to.
process.on("disconnect", () => process.kill(process.pid, "SIGTERM"));
process.channel?.unref();

// Child processes would inherit this option and end before their first message: an unreferenced channel keeps
// no process alive.
process.execArgv = process.execArgv.filter((option) => option !== `--import=${import.meta.url}`);
