/** Whether a JSON value is longer than so many characters, about; whoever asks waits no longer than that takes. */
export function isLonger(value: unknown, most: number): boolean {
  let left = most;
  const take = (one: unknown): boolean => {
    left -= typeof one === 'string' ? one.length + 3 : 8;
    if (left < 0) return false;
    if (typeof one !== 'object' || one === null) return true;
    return Object.entries(one).every(([name, member]: [string, unknown]) => {
      left -= name.length;
      return take(member);
    });
  };
  return !take(value);
}
