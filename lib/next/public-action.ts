import "server-only";
import type * as z from "zod";
import { fieldErrors } from "@/lib/next/action";
import { isNotAdmitted } from "@/lib/next/not-admitted";
import { fail, type Result } from "@/lib/result";

/**
 * A server action without a session. Its input must contain its own proof, for example an invitation's token.
 */
export function publicAction<S extends z.ZodType, T, Code extends string>(definition: {
  input: S;
  run: (input: z.infer<S>) => Promise<Result<T, Code>>;
}) {
  return async (input: z.input<S>): Promise<Result<T, Code | "invalid" | "rate_limited">> => {
    if (await isNotAdmitted()) return fail("rate_limited");
    const parsed = definition.input.safeParse(input);
    return parsed.success ? definition.run(parsed.data) : fail("invalid", fieldErrors(parsed.error));
  };
}
