import { ruleCases } from '../world.ts';

const file = 'Dockerfile';
const digest = `sha256:${'0f'.repeat(32)}`;
const secret = 'q7Rv0pX2mLw9sKd4';

ruleCases('HA401', {
  file,
  bad: [
    `FROM node:22\nENV STRIPE_SECRET_KEY=${secret}`,
    `FROM node:22\nENV API_TOKEN ${secret}`,
    `FROM node:22\nENV DB_PASSWORD = "${secret}"`,
    'FROM node:22\nARG NEXTAUTH_SECRET\nENV NEXTAUTH_SECRET=$NEXTAUTH_SECRET',
    'FROM node:22\nENV PDNSCONF_API_KEY="changeme"',
    `FROM node:22 AS base\nARG ADMIN_PASSWORD=${secret}\nFROM base\nCMD x`,
    `From node:22\nENV A=1 \\\n    # why\n    HEX_API_KEY=${secret}`,
  ],
  severity: 'high',
  good: [
    'FROM node:22\nENV DATABASE_URL=sqlite:///data/app.db AWS_SHARED_CREDENTIALS_FILE=/data/.aws',
    'FROM ruby:3.3\nRUN SECRET_KEY_BASE=DUMMY rails assets:precompile',
    `FROM node:22 AS build\nARG NPM_TOKEN\nENV API_TOKEN=${secret}\nFROM node:22\nCOPY --from=build /a /a`,
    'FROM node:22\nRUN --mount=type=secret,id=HEX_API_KEY mix deps.get',
    'FROM node:22\nENV SECRET_KEY_BASE 1',
    `FROM node:22\nRUN <<ENV\nENV API_TOKEN=${secret}\nENV\nCMD x`,
  ],
});

ruleCases('HA402', {
  file,
  bad: [
    'FROM a\nCOPY .env /app/',
    'FROM a\nCOPY key.pem /etc/',
    'FROM a\nADD id_rsa /root/.ssh/',
    'FROM a\nCOPY ["config/.env.production", "/app/"]',
    'FROM a\nADD https://files.example.com/x?token=abc /x',
    'FROM a AS b\nCOPY ./server.key /k\nFROM b\nCMD x',
  ],
  good: [
    'FROM a\nCOPY .env.example /app/',
    'FROM a\nCOPY ca.pem fullchain.pem /etc/',
    'FROM a AS b\nCOPY key.pem /k\nFROM c\nCMD x',
    'FROM a AS b\nFROM c\nCOPY --from=b key.pem /k',
    'FROM a\nCOPY src/ /app/',
  ],
});

ruleCases('HA403', {
  file,
  severity: 'medium',
  bad: [
    'FROM alpine',
    'FROM --platform=$BUILDPLATFORM node:latest AS build\nFROM scratch',
    'ARG BASE=nginx:alpine\nFROM ${BASE}',
    'FROM rust:bookworm',
    'FROM localhost:5000/web',
    { 'Dockerfile.prod': 'FROM cgr.dev/chainguard/go' },
    '# escape=`\nFROM `\n  node:lts',
  ],
  good: [
    `FROM node:22@${digest}`,
    'FROM node:22-alpine',
    'FROM debian:bookworm-slim',
    'FROM scratch',
    `ARG V=20\nFROM node:\${V} AS base\nFROM base\nFROM base AS other`,
    `ARG IMAGE=alpine@${digest}\nFROM $IMAGE`,
    'FROM ${UNKNOWN}',
    'FROM node:22\nRUN <<E\nFROM alpine\nE',
  ],
});

ruleCases('HA404', {
  file,
  bad: [
    'FROM node:22\nCMD node .',
    'FROM node:22\nUSER root',
    'FROM node:22\nUSER 0:0',
    'FROM node:22 AS a\nUSER node\nFROM node:22\nCMD x',
    'FROM python:3.12-slim\nCMD x\nUSER root',
  ],
  good: [
    'FROM node:22\nUSER node',
    'FROM node:22 AS base\nUSER 1000:1000\nFROM base\nCMD x',
    'FROM postgres:16',
    'FROM flyio/litefs:0.5 AS l\nFROM node:22\nCOPY --from=l /litefs /litefs\nENTRYPOINT litefs mount',
    'ARG UID=10\nFROM node:22\nUSER ${UID}:${UID}',
    { Dockerfile: 'FROM node:22\nENTRYPOINT ["/app/start.sh"]', 'start.sh': 'exec gosu app node .' },
  ],
});

ruleCases('HA405', {
  file,
  severity: 'medium',
  bad: [
    'FROM a\nRUN curl -o x.deb http://host9.net/x.deb && dpkg -i x.deb',
    'FROM a\nADD http://host9.net/x.tgz /',
    'FROM a\nRUN wget "http://host9.net/a.sh" \\\n  && sh a.sh',
    'FROM a\nRUN <<E\ncurl -O http://host9.net/tool\nE',
    'FROM a\nONBUILD RUN wget http://host9.net/tool',
  ],
  good: [
    'FROM a\nHEALTHCHECK CMD curl -f http://localhost:8080/up',
    'FROM a\nRUN curl -o x https://host9.net/x',
    'FROM a\nRUN echo "deb http://deb.debian.org/debian x main" > /etc/apt/sources.list',
    'FROM a\nRUN curl -o x http://host9.net/x && echo "abc  x" | sha256sum -c',
    'FROM a\nADD --checksum=sha256:00 http://host9.net/x /x',
    'FROM a\nRUN curl http://127.0.0.1:8080/warm',
  ],
});

ruleCases('HA406', {
  file,
  bad: [
    'FROM a\nEXPOSE 22',
    'FROM a\nEXPOSE 8080 9229/tcp',
    'FROM a\nRUN apt-get update && apt-get install -y openssh-server',
    'FROM a\nRUN apk add --no-cache dropbear',
    'FROM a\nEXPOSE 5005',
  ],
  good: [
    'FROM a\nEXPOSE 8080',
    'FROM a\nRUN apt-get install -y openssh-client',
    'FROM a\nEXPOSE 2222 443',
    'FROM a\nRUN apk add git',
    'FROM a\n# EXPOSE 22',
  ],
});
