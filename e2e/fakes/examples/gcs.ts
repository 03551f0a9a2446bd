import type { Example } from "@/e2e/fakes/examples/define";
import { bucket, googleExample } from "@/e2e/fakes/google-services";

export const example: Example = googleExample(bucket);
