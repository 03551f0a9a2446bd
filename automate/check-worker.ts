import { serveOneCheck } from "@/automate/serve-check";

/* The program that runs one check and ends. */
serveOneCheck();
