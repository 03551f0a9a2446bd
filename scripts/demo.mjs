import "../launcher/node-version.mjs";
import { mkdir, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { install } from "../launcher/install.mjs";
import { fail, Refusal, step } from "../launcher/progress.mjs";
import { ensureBrowser, findBrowser, launchArguments } from "./browser.mjs";

// Plays the main journey against the running app at a human pace. Records it, and takes the README's
// screenshots:
//   npm start   (in another terminal), then   npm run demo

const images = resolve(import.meta.dirname, "../docs/images");
const baseUrl = `http://localhost:${process.env.PORT || 3000}`;
const dataDir = process.env.DATA_DIR || (process.getuid?.() === 0 ? "/var/lib/selvage" : ".data");
const size = { width: 1280, height: 860 };

try {
  await install();
  await ensureBrowser();
  const [login] = JSON.parse(await readDemoFile("keys/demo-logins.json"));
  await mkdir(images, { recursive: true });
  const port = (await readDemoFile("demo/port")).trim();
  await step("Playing and recording", () => record((page) => play(page, login, port)));
  console.log(`\nRecorded in ${images}`);
} catch (error) {
  fail(error);
}

async function readDemoFile(name) {
  return readFile(join(dataDir, name), "utf8").catch(() => {
    throw new Refusal(
      `No ${name} in ${dataDir}: start the app with npm start first, with the same DATA_DIR and PORT.`,
    );
  });
}

async function play(page, login, port) {
  const stamp = Date.now().toString(36).slice(-4);
  const type = async (target, text) => {
    await target.click();
    await target.pressSequentially(text, { delay: 35 });
  };
  await page.goto(`${baseUrl}/sign-in`);
  await type(page.getByLabel("E-mail"), login.email);
  await type(page.getByLabel("Password", { exact: true }), login.password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("link", { name: "Production lake", exact: true }).click();
  await page.getByRole("link", { name: /^Secrets/ }).click();
  await page.getByRole("button", { name: "Add Secret" }).waitFor();
  await page.waitForLoadState("networkidle");
  await picture(page, "secrets");

  await page.getByRole("link", { name: /^Connections/ }).click();
  await page.getByRole("link", { name: "Add connection" }).click();
  await page.getByRole("link", { name: /PostgreSQL/ }).click();
  await type(page.getByLabel("Connection Name"), `Orders ${stamp}`);
  await type(page.getByLabel("Server"), "127.0.0.1");
  await page.getByLabel("Port").fill("");
  await type(page.getByLabel("Port"), port);
  await type(page.getByLabel("Database"), "orders");
  await type(page.getByLabel("Username"), "orders_reader");
  await chooseSecret(page, "CA certificate", "northwind_ca");
  await addSecret(page, type, `orders_reader_${stamp}`, "not-the-password");
  await page.getByText("The server rejected these credentials.").first().waitFor();
  await picture(page, "refused");
  await chooseSecret(page, "Password", "warehouse_password");
  await page.getByText("The check passed.").waitFor();
  await page.getByRole("combobox", { name: "Password" }).click();
  await page.getByRole("listbox").getByRole("option").first().waitFor();
  await page.waitForLoadState("networkidle");
  await picture(page, "picker");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByRole("row", { name: new RegExp(`Orders ${stamp}.*Connected`) }).waitFor();
}

async function chooseSecret(page, label, name) {
  await page.getByRole("combobox", { name: label }).click();
  await page.getByRole("option", { name }).first().click();
  await page.getByRole("listbox").waitFor({ state: "detached" });
}

async function addSecret(page, type, name, value) {
  await page.getByRole("combobox", { name: "Password" }).click();
  await page.getByRole("button", { name: "New Secret" }).click();
  const dialog = page.getByRole("dialog", { name: "Add Secret" });
  await type(dialog.getByLabel("Name", { exact: true }), name);
  await type(dialog.getByLabel("Value", { exact: true }), value);
  await dialog.getByRole("button", { name: "Create" }).click();
  await dialog.waitFor({ state: "detached" });
}

/** Takes a screenshot once animations have ended: a check may finish before a popup has faded in. */
async function picture(page, name) {
  await page.waitForFunction(() =>
    document.getAnimations().every(({ playState }) => playState !== "running"),
  );
  await page.screenshot({ path: join(images, `${name}.png`) });
}

/** Records frames over the DevTools protocol. Playwright's own recorder would need to download a program. */
async function record(journey) {
  const { chromium } = await import("@playwright/test");
  const isHeadless = !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY && process.platform === "linux";
  const executablePath = await findBrowser();
  const browser = await chromium.launch({
    executablePath,
    args: launchArguments,
    headless: isHeadless,
    slowMo: 120,
  });
  try {
    const page = await browser.newPage({ viewport: size, colorScheme: "light" });
    const devtools = await page.context().newCDPSession(page);
    const frames = [];
    devtools.on("Page.screencastFrame", ({ data, metadata, sessionId }) => {
      frames.push({ image: Buffer.from(data, "base64"), at: metadata.timestamp * 1000 });
      devtools.send("Page.screencastFrameAck", { sessionId }).catch(() => undefined);
    });
    await devtools.send("Page.startScreencast", {
      format: "jpeg",
      quality: 85,
      maxWidth: size.width,
      maxHeight: size.height,
    });
    await journey(page);
    await devtools.send("Page.stopScreencast");
    await encode(frames, join(images, "demo.webp"));
  } finally {
    await browser.close();
  }
}

/** Encodes an animated image: at most five frames a second, each shown until the next. */
async function encode(frames, file) {
  const { default: sharp } = await import("sharp");
  frames.sort((a, b) => a.at - b.at);
  const kept = frames.filter((frame, index) => {
    const isLast = index === frames.length - 1;
    const slot = Math.floor(frame.at / 200);
    return isLast || Math.floor(frames[index + 1].at / 200) !== slot;
  });
  const delay = kept.map(({ at }, index) =>
    Math.round(Math.min((kept[index + 1]?.at ?? at + 3000) - at, 3000)),
  );
  const scaled = await Promise.all(
    kept.map(({ image }) => sharp(image).resize({ width: 960 }).png().toBuffer()),
  );
  await sharp(scaled, { join: { animated: true } })
    .webp({ delay, loop: 0, quality: 70, effort: 3 })
    .toFile(file);
}
