import "server-only";
import * as z from "zod";
import { compareFabrics } from "@/lib/comparisons/queries";
import { comparisonInput, maxDifferences } from "@/lib/comparisons/schema";
import { ok } from "@/lib/result";
import { inFabric, operation } from "@/web/management-api/define";

export const comparisonOperation = operation({
  id: "compareFabrics",
  method: "POST",
  path: "/api/orchestration/fabric/{fabricId}/comparison",
  tag: "Secrets",
  summary: "Compare names and types with other fabrics",
  description: `Says which names of this fabric the fabrics \`with\` lack, or have with another type: all names, those that the pipelines with the name \`pipeline\` read here recently, or the secrets in \`names\`. For \`names\`, this fabric is looked at, too. Names the first ${maxDifferences}; \`different\` counts all.`,
  failure: "Compare fabrics failed",
  access: inFabric("secret:list"),
  body: comparisonInput,
  data: z.object({
    fabrics: z.array(z.object({ id: z.string(), name: z.string() })),
    names: z.number().int(),
    different: z.number().int(),
    differences: z.array(
      z.object({
        noun: z.enum(["secret", "connection"]),
        name: z.string(),
        expected: z.string().nullable().meta({ description: "The type or kind in this fabric." }),
        found: z
          .array(z.object({ type: z.string(), isFormer: z.boolean() }).nullable())
          .meta({ description: "What each of `fabrics` has under the name. A former name still works." }),
      }),
    ),
  }),
  example: { with: [], names: ["your-secret-name"] },
  run: async (scope, { body }) => {
    const { fabrics, differences, ...counts } = await compareFabrics(scope, body);
    return ok({
      data: {
        ...counts,
        fabrics: [...fabrics],
        differences: differences.map(({ found, ...difference }) => ({ ...difference, found: [...found] })),
      },
    });
  },
});
