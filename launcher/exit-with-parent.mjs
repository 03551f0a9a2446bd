// Loaded into web and automate by their start: should that be killed, they stop as if it had asked them to.
process.on("disconnect", () => process.kill(process.pid, "SIGTERM"));
process.channel?.unref();

// What they fork inherits their options, and would end before its first message: an unreferenced channel keeps nothing alive.
process.execArgv = process.execArgv.filter((option) => option !== `--import=${import.meta.url}`);
