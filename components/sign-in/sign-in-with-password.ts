import { signIn } from "next-auth/react";
import { delayText } from "@/lib/sessions/schema";

type Refusal = { isWrong: boolean; text: string };

/** Signs in. Returns null on success, otherwise the reason for the refusal. */
export async function signInWithPassword(input: {
  email: string;
  password: string;
}): Promise<Refusal | null> {
  const answer = await signIn("password", { ...input, redirect: false }).catch(() => undefined);
  if (answer?.ok && !answer.error) return null;
  const seconds = /^delayed:(\d+)$/.exec(answer?.error ?? "")?.[1];
  if (seconds) return { isWrong: false, text: delayText(Number(seconds)) };
  if (answer?.error === "CredentialsSignin") return { isWrong: true, text: "Wrong e-mail or password." };
  return { isWrong: false, text: "Sign-in failed. Check your network connection and try again." };
}
