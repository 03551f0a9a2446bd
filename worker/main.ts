import { serveCheck } from "@/worker/serve-check";

/* The program of a check worker. */
serveCheck();
