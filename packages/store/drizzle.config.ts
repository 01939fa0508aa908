export default {
  dialect: 'postgresql',
  schema: './packages/store/src/schema/*.ts',
  out: './packages/store/migrations',
};
