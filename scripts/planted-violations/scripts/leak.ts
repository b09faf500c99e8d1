import { figure } from "../bench/figure.ts";

export const leak = figure;
