import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketServerProtocolHandler;
import io.netty.util.concurrent.GlobalEventExecutor;

/** Sends every text message to all clients, and answers `ask:` with `answer:`. */
public class Server {
  static final ChannelGroup ALL = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);

  static class Chat extends SimpleChannelInboundHandler<TextWebSocketFrame> {
    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) throws Exception {
      if (event instanceof WebSocketServerProtocolHandler.HandshakeComplete) ALL.add(context.channel());
      super.userEventTriggered(context, event);
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, TextWebSocketFrame frame) {
      String text = frame.text();
      if (text.startsWith("ask:")) context.writeAndFlush(new TextWebSocketFrame("answer:" + text.substring(4)));
      else ALL.writeAndFlush(new TextWebSocketFrame(text));
    }
  }

  public static void main(String[] arguments) throws Exception {
    String port = System.getenv().getOrDefault("PORT", "3000");
    NioEventLoopGroup loops = new NioEventLoopGroup(2);
    new ServerBootstrap().group(loops).channel(NioServerSocketChannel.class)
        .childHandler(new ChannelInitializer<SocketChannel>() {
          @Override
          protected void initChannel(SocketChannel channel) {
            channel.pipeline().addLast(new HttpServerCodec(), new HttpObjectAggregator(65536),
                new WebSocketServerProtocolHandler("/", true), new Chat());
          }
        }).bind("127.0.0.1", Integer.parseInt(port)).sync().channel().closeFuture().sync();
  }
}
