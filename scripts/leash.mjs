// Loaded into web and automate by their start: should that be killed, they stop as if it had asked them to.
process.on("disconnect", () => process.kill(process.pid, "SIGTERM"));
process.channel?.unref();
