/** Values of a statement in their order: nothing that somebody asks becomes SQL. */
export const parameters = () => {
  const values: unknown[] = [];
  return {
    values,
    /** Its place, such as `$3`. */
    add: (value: unknown): string => {
      values.push(value);
      return `$${values.length}`;
    },
  };
};
