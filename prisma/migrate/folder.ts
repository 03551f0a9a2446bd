/**
 * The folder with the migrations and grants, whether this file runs from source or from the bundle in `dist`.
 */
export const prismaFolder = new URL(import.meta.url.endsWith(".ts") ? "../" : "../prisma/", import.meta.url);
