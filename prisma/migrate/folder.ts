/** The folder with the migrations and grants: from this source file, or from the bundle in `dist`. */
export const prismaFolder = new URL(import.meta.url.endsWith(".ts") ? "../" : "../prisma/", import.meta.url);
