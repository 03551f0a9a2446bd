import type { NextRequest } from "next/server";
import NextAuth from "next-auth";
import { authOptions } from "@/lib/server/auth-options";

type Context = { params: Promise<{ nextauth: string[] }> };

async function answer(request: NextRequest, context: Context): Promise<Response> {
  const { nextauth } = await context.params;
  // Through this one anybody could write into our log.
  if (nextauth[0] === "_log") return new Response(null, { status: 404 });
  return NextAuth(request, context, authOptions());
}

export { answer as GET, answer as POST };
