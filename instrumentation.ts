/** Runs once, before the first request: web serves only with a whole environment and its own database role. */
export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME !== "nodejs") return;
  const { bootWeb } = await import("@/lib/server/boot");
  await bootWeb();
}
