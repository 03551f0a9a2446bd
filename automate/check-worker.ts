import { serveCheck } from "@/automate/serve-check";

/* The program that runs one check. */
serveCheck();
