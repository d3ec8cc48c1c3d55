/** Texts, whose slashes and brackets are no code, and comments; a text over several lines that has no end yet goes to the end. */
export const noCode =
  /```[\s\S]*?(?:```|$)|~~~[\s\S]*?(?:~~~|$)|@"(?:""|[^"\n])*"|@'(?:''|[^'\n])*'|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|\/\/[^\n]*/g;
