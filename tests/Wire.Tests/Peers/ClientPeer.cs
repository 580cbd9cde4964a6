using System.Net;
using System.Net.Security;
using System.Net.Sockets;

namespace Sallyport.Wire.Tests.Peers;

/// <summary>A scripted PostgreSQL client.</summary>
public sealed class ClientPeer(Socket socket) : Peer(socket)
{
    public static async Task<ClientPeer> ConnectAsync(IPEndPoint to)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(to);
        return new ClientPeer(socket);
    }

    public Task SendStartupAsync(string database = "shop", int version = Protocol30, params (string Name, string Value)[] more) =>
        SendAsync(Startup(version, [("user", "somebody"), ("database", database), .. more]));

    /// <summary>StartupMessage with that user.</summary>
    public Task SendUserAsync(string user, string database = "shop") =>
        SendAsync(Startup(Protocol30, ("user", user), ("database", database), ("application_name", "psql")));

    /// <summary>StartupMessage, and the token as the password that is asked for.</summary>
    public async Task LoginAsync(string token = Doors.GoodToken, string database = "shop", int version = Protocol30, params (string Name, string Value)[] more)
    {
        await SendStartupAsync(database, version, more);
        await ExpectAsync(AuthenticationCleartextPassword);
        await SendAsync(Password(token));
    }

    /// <summary>Takes what a client gets between its password and the first ReadyForQuery; returns its cancel key.</summary>
    public async Task<(int Process, byte[] Key)> ReceiveWelcomeAsync()
    {
        await ExpectAsync(AuthenticationOk);
        (int, byte[])? key = null;
        while (true)
        {
            PgMessage message = await ReceiveAsync();
            switch ((char)message.Type)
            {
                case 'K':
                    key = (System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(message.Body), message.Body[4..]);
                    break;
                case 'Z':
                    return key ?? throw new InvalidDataException("no BackendKeyData");
                case not ('S' or 'N'):
                    throw new InvalidDataException($"unexpected {message}");
            }
        }
    }

    /// <summary>Starts TLS now; the server's certificate is taken as it is.</summary>
    public async Task StartTlsAsync(params SslApplicationProtocol[] alpn)
    {
        var tls = new SslStream(Stream, leaveInnerStreamOpen: false);
#pragma warning disable CA5359 // The test's own certificate, on loopback: what is tested is the engine's side.
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            RemoteCertificateValidationCallback = (_, _, _, _) => true,
            ApplicationProtocols = alpn.Length == 0 ? null : [.. alpn],
        });
#pragma warning restore CA5359
        Stream = tls;
    }
}
