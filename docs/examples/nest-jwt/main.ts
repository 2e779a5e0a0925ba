import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ChatGateway } from './chat.gateway.ts';

@Module({ providers: [ChatGateway] })
class ChatModule {}

const { PORT = '3000' } = process.env;

const app = await NestFactory.create(ChatModule);
await app.listen(Number(PORT), '127.0.0.1');
