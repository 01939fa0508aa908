import { execFile, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { simulatedSecrets } from '../src/index.ts';
import { stage, temporaryFolder, type Stage } from './world.ts';

/** Programs of others with their default settings, as far as they are installed where this runs. */
const isThere = (program: string): boolean => spawnSync(program, ['--version']).status === 0;

const execute = promisify(execFile);

/** A shell of somebody who has the variables of `hangar simulator`, in a folder with a small and a large file. */
function shell(on: Stage, more: Record<string, string> = {}) {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'small'), 'hello');
  writeFileSync(join(folder, 'large'), Buffer.alloc(12 * 1024 * 1024, 'x'));
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: folder,
    AWS_ACCESS_KEY_ID: simulatedSecrets.storageKeyId,
    AWS_SECRET_ACCESS_KEY: simulatedSecrets.storageSecret,
    AWS_ENDPOINT_URL_S3: on.s3,
    AWS_ENDPOINT_URL_IAM: on.iam,
    AWS_REGION: 'auto',
    AWS_DEFAULT_REGION: 'auto',
    AWS_EC2_METADATA_DISABLED: 'true',
    ...more,
  };
  return {
    folder,
    run: async (program: string, args: string): Promise<string> =>
      (await execute(program, args.split(' '), { cwd: folder, env, maxBuffer: 64 * 1024 * 1024 })).stdout,
    same: (name: string): void =>
      expect(readFileSync(join(folder, name)).equals(readFileSync(join(folder, 'large')))).toBe(true),
  };
}

describe('clients of S3 that are installed here', { timeout: 240_000 }, () => {
  test.skipIf(!isThere('aws'))('aws-cli (skipped where there is no `aws`)', async () => {
    const { run, same } = shell(await stage());
    await run('aws', 's3 mb s3://bucket');
    await run('aws', 's3 cp large s3://bucket/large');
    await run('aws', 's3 cp s3://bucket/large back');
    same('back');
    await run(
      'aws',
      's3api put-object-tagging --bucket bucket --key large --tagging TagSet=[{Key=a,Value=b}]',
    );
    expect(await run('aws', 's3api get-object-tagging --bucket bucket --key large')).toContain('"b"');
    expect(await run('aws', 's3api get-bucket-location --bucket bucket')).toContain('auto');
    expect(await run('aws', 's3api list-object-versions --bucket bucket')).toContain('"VersionId": "null"');
    await expect(run('aws', 's3api get-bucket-versioning --bucket bucket')).rejects.toThrow('NotImplemented');
    await run('aws', 's3 rb --force s3://bucket');
  });

  test.skipIf(!isThere('rclone'))('rclone (skipped where there is none)', async () => {
    const on = await stage();
    const { run, same } = shell(on, {
      RCLONE_CONFIG: '/dev/null',
      RCLONE_CONFIG_T_TYPE: 's3',
      RCLONE_CONFIG_T_PROVIDER: 'Other',
      RCLONE_CONFIG_T_ENV_AUTH: 'true',
      RCLONE_CONFIG_T_ENDPOINT: on.s3,
    });
    await run('rclone', 'mkdir t:bucket');
    await run('rclone', 'copyto --s3-upload-cutoff 5M --s3-chunk-size 5M large t:bucket/large');
    await run('rclone', 'copyto t:bucket/large back');
    same('back');
    await run('rclone', 'purge t:bucket');
  });

  test.skipIf(!isThere('s3cmd'))('s3cmd (skipped where there is none)', async () => {
    const on = await stage();
    const { run, folder, same } = shell(on);
    const { host } = new URL(on.s3);
    writeFileSync(
      join(folder, '.s3cfg'),
      `[default]\naccess_key = ${simulatedSecrets.storageKeyId}\nsecret_key = ${simulatedSecrets.storageSecret}\n` +
        `host_base = ${host}\nhost_bucket = ${host}\nuse_https = False\n`,
    );
    await run('s3cmd', 'mb s3://bucket');
    await run('s3cmd', 'put large s3://bucket/large');
    await run('s3cmd', 'get s3://bucket/large back');
    same('back');
    expect(await run('s3cmd', 'info s3://bucket')).toContain('auto');
    await run('s3cmd', 'del -r --force s3://bucket');
    await run('s3cmd', 'rb s3://bucket');
  });
});
