export const view = "view";
