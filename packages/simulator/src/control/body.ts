import { z, type ZodType } from 'zod';

/** An answer other than success of the control surface. */
export class ControlRefusal extends Error {
  override readonly name = 'ControlRefusal';
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** The body of a request, in the form that is asked for. Throws ControlRefusal: 400 for what is no JSON, 422 for another form. */
export async function bodyAs<T>(schema: ZodType<T>, request: Request): Promise<T> {
  const text = await request.text();
  let value: unknown;
  try {
    value = text.trim() === '' ? {} : JSON.parse(text);
  } catch {
    throw new ControlRefusal(400, 'the body is not JSON');
  }
  const result = schema.safeParse(value);
  if (!result.success) throw new ControlRefusal(422, z.prettifyError(result.error));
  return result.data;
}
