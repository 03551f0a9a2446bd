import * as z from "zod";

/** The characters of a new password. None of them is syntax for a server, a shell or an address. */
export const alphabets = {
  letters_digits: {
    label: "Letters and digits",
    sets: ["abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789"],
  },
  symbols: {
    label: "Letters, digits and _ . ~ -",
    sets: ["abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789", "_.~-"],
  },
} as const;
export type Alphabet = keyof typeof alphabets;
export const alphabetSchema = z.enum(Object.keys(alphabets) as [Alphabet, ...Alphabet[]]);

/** The shortest and the longest password that a rotation makes, in characters. MySQL's longest is 32 bytes for replicas, and Oracle's 30. */
export const passwordLengths = { min: 16, max: 64, initial: 30 } as const;

/**
 * How a rotation works. `own`: a user changes its own password. `pair`: an administrator sets those of two users in
 * turn. `key_pair`: a user sets its own public keys, of which the server takes two, in turn.
 */
export const rotationMethods = ["own", "pair", "key_pair"] as const;
export type RotationMethod = (typeof rotationMethods)[number];

const minutesOfDay = 24 * 60;

/** A whole number in this range, and what to say about any other input. */
function between(min: number, max: number, message: string) {
  return z.number(message).int(message).min(min, message).max(max, message);
}

/** How Selvage rotates the password of a secret. */
export const rotationInput = z
  .object({
    secretId: z.string().max(64),
    /** The connection at whose server the password is set. */
    connectionId: z.string().min(1, "Choose a connection.").max(64),
    method: z.enum(rotationMethods),
    administratorId: z.string().max(64).optional(),
    users: z.array(z.string().max(128)).max(2).default([]),
    length: between(passwordLengths.min, passwordLengths.max, "Enter a whole number from 16 to 64."),
    alphabet: alphabetSchema,
    everyDays: z.number().int().min(1).max(365).nullable(),
    /** In UTC. */
    window: z
      .object({
        startMinute: z
          .number()
          .int()
          .min(0)
          .max(minutesOfDay - 1),
        minutes: between(15, minutesOfDay, "Enter 0.25 to 24 hours."),
      })
      .nullable(),
    overlapMinutes: between(1, 90 * minutesOfDay, "Enter a whole number of hours from 1 to 2160.").default(
      minutesOfDay,
    ),
    /**
     * The destinations of the secret's value that the person was shown. New passwords may go there, too. All of them
     * for a request of an earlier version.
     */
    valueDestinations: z.array(z.string().max(1024)).max(10_000).optional(),
    /** The destinations of the administrator's secret that the person was shown. */
    shownDestinations: z.array(z.string().max(1024)).max(20).optional(),
  })
  .superRefine(({ method, administratorId, users }, ctx) => {
    if (method !== "pair") return;
    const issue = (path: string, message: string) => ctx.addIssue({ code: "custom", path: [path], message });
    if (!administratorId) issue("administratorId", "Choose a secret.");
    if (users.length !== 2 || users.some((user) => user === "") || users[0] === users[1])
      issue("users", "Enter two different users.");
  });
export type RotationInput = z.output<typeof rotationInput>;

/** Why a rotation was not set up or not started. Each has a sentence on the screen. */
export const rotationProblems = [
  "kind_unfit",
  "unencrypted",
  "not_used",
  "needs_user",
  "user_unfit",
  "length_unfit",
  "administrator_unfit",
  "destination_unconfirmed",
  "destination_not_allowed",
  "misconfigured",
  "secret_missing",
  "user_not_in_pair",
  "too_early",
  "running",
  "candidate_waiting",
  "connection_gone",
  "restored",
] as const;
export type RotationProblem = (typeof rotationProblems)[number];

/** The secret whose rotation is meant. */
export const rotationOfInput = z.object({ secretId: z.string().max(64) });
