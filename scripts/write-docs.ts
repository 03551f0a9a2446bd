import { writeConnectionPages } from "@/scripts/connection-docs";

await writeConnectionPages();
