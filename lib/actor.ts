/**
 * The author of an action: a person (in a session or with an access token), a pipeline with its token, Selvage itself, or somebody
 * outside with an entry link.
 */
export type Actor =
  | {
      readonly kind: "user";
      readonly id: string;
      readonly name: string;
      readonly email: string;
      /**
       * When the person last proved their identity. For an access token it lies so far back that the token is
       * never fresh.
       */
      readonly authenticatedAt: Date;
      /** The access epoch of this session or token. Tokens that it creates get the same epoch. */
      readonly accessEpoch: number;
      /** The access token that acts for the person. Its name is not unique. */
      readonly accessToken?: { readonly id: string; readonly name: string };
    }
  | { readonly kind: "pipeline" | "system" | "link"; readonly id: string; readonly name: string };
