import { NextRequest } from "next/server";
import NextAuth from "next-auth";
import { webEnv } from "@/lib/env";
import { authOptions } from "@/lib/next/auth/auth-options";
import { isOwnUrl } from "@/lib/next/own-origin";
import { problem } from "@/lib/next/route";

type Context = { params: Promise<{ nextauth: string[] }> };

// web/refuse-request.ts decides which next-auth paths and methods reach this route.
export function GET(request: NextRequest, context: Context): Promise<Response> {
  return NextAuth(request, context, authOptions());
}

/**
 * Accepts only forms, as next-auth's own client sends them. For malformed JSON, next-auth would repeat the
 * input in its error.
 */
export async function POST(request: NextRequest, context: Context): Promise<Response> {
  const { method, headers, url } = request;
  if (headers.get("content-type")?.split(";")[0]?.trim() !== "application/x-www-form-urlencoded")
    return problem(415, "Send the body as application/x-www-form-urlencoded.");
  const body = await request.text();
  if (new URLSearchParams(body).getAll("callbackUrl").some((to) => !isOwnUrl(to, webEnv().PUBLIC_URL)))
    return problem(400, "callbackUrl is not a path of this server.");
  return withRetryAfter(
    await NextAuth(new NextRequest(url, { method, headers, body }), context, authOptions()),
  );
}

/** Gives a sign-in that has to wait its status and Retry-After: next-auth answers 401 to all that fail. */
async function withRetryAfter(answer: Response): Promise<Response> {
  if (answer.status !== 401) return answer;
  const body = await answer.text();
  const seconds = /[?&]error=(?:delayed|busy)%3A(\d+)/.exec(body)?.[1];
  const headers = new Headers(answer.headers);
  if (seconds) headers.set("retry-after", seconds);
  return new Response(body, { status: seconds ? 429 : 401, headers });
}
