import type { Example } from "@/testing/connection-examples/define";
import { bucket, googleExample } from "@/testing/servers/google-services";

export const example: Example = googleExample(bucket);
