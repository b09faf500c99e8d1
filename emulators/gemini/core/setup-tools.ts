import { z } from "zod";

/** A number that protobuf writes as a string in JSON. The official client leaves it as it is given: a string. */
export const Int64 = z.string().regex(/^\d{1,19}$/, "is no int64 in a string");

const Type = z.enum(["STRING", "NUMBER", "INTEGER", "BOOLEAN", "ARRAY", "OBJECT", "NULL"]);

/** Google's subset of OpenAPI schemas. JSON Schema's own names are unknown to it: they go to `parametersJsonSchema`. */
const Schema = z.strictObject({
  type: Type.optional(),
  format: z.string().optional(),
  title: z.string().optional(),
  description: z.string().optional(),
  nullable: z.boolean().optional(),
  enum: z.array(z.string()).optional(),
  default: z.unknown().optional(),
  example: z.unknown().optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  minItems: Int64.optional(),
  maxItems: Int64.optional(),
  minLength: Int64.optional(),
  maxLength: Int64.optional(),
  minProperties: Int64.optional(),
  maxProperties: Int64.optional(),
  pattern: z.string().optional(),
  required: z.array(z.string()).optional(),
  propertyOrdering: z.array(z.string()).optional(),
  get items() {
    return Schema.optional();
  },
  get properties() {
    return z.record(z.string(), Schema).optional();
  },
  get anyOf() {
    return z.array(Schema).optional();
  },
});

/** The form of a name is that of `FunctionDeclaration.name` in the official client's types (3.1.0). */
const FunctionName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_.:-]{0,127}$/, "starts with a letter or _, then letters, digits, _ . : -");

const JsonSchema = z.record(z.string(), z.unknown());

export const FunctionDeclaration = z
  .strictObject({
    name: FunctionName,
    description: z.string().optional(),
    behavior: z.enum(["UNSPECIFIED", "BLOCKING", "NON_BLOCKING"]).optional(),
    parameters: Schema.refine(({ type }) => type === "OBJECT", {
      error: "the type has to be OBJECT",
    }).optional(),
    parametersJsonSchema: JsonSchema.optional(),
    response: Schema.optional(),
    responseJsonSchema: JsonSchema.optional(),
  })
  .refine(({ parameters, parametersJsonSchema }) => !parameters || !parametersJsonSchema, {
    error: "parameters and parametersJsonSchema exclude each other",
  })
  .refine(({ response, responseJsonSchema }) => !response || !responseJsonSchema, {
    error: "response and responseJsonSchema exclude each other",
  });
export type FunctionDeclaration = z.output<typeof FunctionDeclaration>;

/** The tools that the Gemini API has names for; which of them Live has is a matter of `setup-rules.ts`. */
export const Tool = z.strictObject({
  functionDeclarations: z.array(FunctionDeclaration).optional(),
  googleSearch: z.looseObject({}).optional(),
  googleSearchRetrieval: z.looseObject({}).optional(),
  googleMaps: z.looseObject({}).optional(),
  codeExecution: z.strictObject({}).optional(),
  urlContext: z.strictObject({}).optional(),
  fileSearch: z.looseObject({}).optional(),
  computerUse: z.looseObject({}).optional(),
  mcpServers: z.array(z.looseObject({})).optional(),
});
export type Tool = z.output<typeof Tool>;

export const Tools = z
  .array(Tool)
  .refine((tools) => repeatedName(tools) === undefined, { error: "duplicate function declaration found" });

/** The functions that tools declare. */
export function declaredFunctions(tools: readonly Tool[] | undefined): FunctionDeclaration[] {
  return (tools ?? []).flatMap(({ functionDeclarations = [] }) => functionDeclarations);
}

function repeatedName(tools: readonly Tool[]): string | undefined {
  const names = declaredFunctions(tools).map(({ name }) => name);
  return names.find((name, i) => names.indexOf(name) !== i);
}
