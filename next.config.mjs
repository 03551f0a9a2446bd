const maxSecretBytes = Number(process.env.MAX_SECRET_BYTES ?? 1_048_576);

/** @type {import("next").NextConfig} */
export default {
  // Tests build beside a running server, never under it.
  distDir: process.env.NEXT_DIST_DIR ?? ".next",
  typescript: {
    // `npm run check` and `npm test` check the types of everything at once.
    ignoreBuildErrors: true,
    ...(process.env.NEXT_TSCONFIG && { tsconfigPath: process.env.NEXT_TSCONFIG }),
  },
  experimental: {
    // Only development shows stacks. Web's log has names and codes of errors.
    turbopackSourceMaps: process.env.NODE_ENV !== "production",
    // A folder is built once for each version: a cache of 120 MB for the next build is not worth its time.
    turbopackFileSystemCacheForBuild: false,
    // The server's code stays readable for those who audit it, and the build is shorter.
    serverMinification: false,
    // A binary secret travels inside the action's form data, with some room for the other fields.
    serverActions: { bodySizeLimit: Math.ceil((maxSecretBytes * 4) / 3) + 262_144 },
  },
  // In development Next prints the arguments of server actions, which hold secrets.
  logging: { serverFunctions: false },
  // Sends the title with the first byte of a page, not after its data: a screen reader announces it at once.
  htmlLimitedBots: /.*/,
  poweredByHeader: false,
  reactStrictMode: true,
  devIndicators: false,
  serverExternalPackages: ["@node-rs/argon2", "pg"],
};
