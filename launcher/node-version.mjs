// Imported first, in syntax that old versions can parse, so that they can print this message.
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`Selvage requires Node.js 20.19 or newer, but this is ${process.versions.node}.`);
  process.exit(1);
}
