import { serveCheck } from "@/worker/serve-check";

/* The program that runs one check. */
serveCheck();
