import { signIn } from "next-auth/react";
import { waitText } from "@/lib/sessions/schema";

type Refusal = { isWrong: boolean; text: string };

/** Signs in. Returns null on success, otherwise the reason for the refusal. */
export async function signInWithPassword(input: {
  email: string;
  password: string;
}): Promise<Refusal | null> {
  const answer = await signIn("password", { ...input, redirect: false }).catch(() => undefined);
  if (answer?.ok && !answer.error) return null;
  const [, code, seconds] = /^(delayed|busy):(\d+)$/.exec(answer?.error ?? "") ?? [];
  if (code === "delayed" || code === "busy") return { isWrong: false, text: waitText(code, Number(seconds)) };
  if (answer?.error === "CredentialsSignin") return { isWrong: true, text: "Wrong e-mail or password." };
  return { isWrong: false, text: "Sign-in failed. Check your network connection and try again." };
}
