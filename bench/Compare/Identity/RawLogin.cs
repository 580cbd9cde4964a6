using System.Buffers.Binary;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Sallyport.Compare.Identity;

/// <summary>How a login ended.</summary>
/// <param name="Refusal">SQLSTATE of the refusal; null: the server was ready for queries.</param>
/// <param name="Stream">The connection, when it is in.</param>
internal readonly record struct LoginEnd(string? Refusal, Stream? Stream);

/// <summary>
/// A PostgreSQL client that can log in and no more: TLS, StartupMessage, a token as the password, until ReadyForQuery or the refusal
/// (PostgreSQL 55.2.1, 55.7). A driver would cost more than what it is to measure.
/// </summary>
internal sealed class RawLogin(int port, X509Certificate2 server)
{
    private const string User = "bench";

    private static readonly byte[] SslRequest = [0, 0, 0, 8, 0x04, 0xD2, 0x16, 0x2F];

    private readonly byte[] _startup = Startup();

    /// <summary>Logs in and leaves at once.</summary>
    /// <exception cref="IOException">The server did something else than letting in or refusing.</exception>
    public async Task<string?> RunAsync(string token, CancellationToken cancel)
    {
        LoginEnd end = await EnterAsync(token, cancel);
        if (end.Stream is null)
            return end.Refusal;
        await using Stream stream = end.Stream;
        await stream.WriteAsync("X\0\0\0\x4"u8.ToArray(), cancel);
        return null;
    }

    /// <summary>Logs in; the caller closes the connection when it is in.</summary>
    public async Task<LoginEnd> EnterAsync(string token, CancellationToken cancel)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        SslStream? tls = null;
        try
        {
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), cancel);
            tls = await EncryptAsync(new NetworkStream(socket, ownsSocket: true), cancel);
            await tls.WriteAsync(_startup, cancel);
            LoginEnd end = await AnswerAsync(tls, token, cancel);
            if (end.Stream is not null)
                tls = null;
            return end;
        }
        finally
        {
            if (tls is not null)
                await tls.DisposeAsync();
        }
    }

    private async Task<SslStream> EncryptAsync(NetworkStream plain, CancellationToken cancel)
    {
        byte[] answer = new byte[1];
        await plain.WriteAsync(SslRequest, cancel);
        await plain.ReadExactlyAsync(answer, cancel);
        if (answer[0] != 'S')
            throw new IOException("The server does not speak TLS.");
        var tls = new SslStream(plain);
        await tls.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = "localhost",

                // Every login pays for a whole handshake, as that of a client that was just started.
                AllowTlsResume = false,
                RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null && certificate.GetRawCertData().AsSpan().SequenceEqual(server.RawDataMemory.Span),
            },
            cancel);
        return tls;
    }

    private static async Task<LoginEnd> AnswerAsync(SslStream tls, string token, CancellationToken cancel)
    {
        byte[] header = new byte[5];
        while (true)
        {
            await tls.ReadExactlyAsync(header, cancel);
            byte[] body = new byte[BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(1)) - 4];
            await tls.ReadExactlyAsync(body, cancel);
            switch ((char)header[0])
            {
                case 'R' when BinaryPrimitives.ReadInt32BigEndian(body) == 3:
                    await tls.WriteAsync(Message('p', token), cancel);
                    break;
                case 'R' when BinaryPrimitives.ReadInt32BigEndian(body) != 0:
                    throw new IOException("The server asks for something else than a password.");
                case 'Z':
                    return new LoginEnd(null, tls);
                case 'E':
                    return new LoginEnd(SqlState(body), null);
            }
        }
    }

    /// <summary>A message of one string.</summary>
    internal static byte[] Message(char type, string text)
    {
        byte[] message = new byte[1 + 4 + Encoding.UTF8.GetByteCount(text) + 1];
        message[0] = (byte)type;
        BinaryPrimitives.WriteInt32BigEndian(message.AsSpan(1), message.Length - 1);
        Encoding.UTF8.GetBytes(text, message.AsSpan(5));
        return message;
    }

    /// <summary>Field <c>C</c> of an ErrorResponse (PostgreSQL 55.8).</summary>
    private static string SqlState(byte[] body)
    {
        string? field = Encoding.UTF8.GetString(body).Split('\0').FirstOrDefault(f => f.StartsWith('C'));
        return field?[1..] ?? throw new IOException("An error without SQLSTATE.");
    }

    private static byte[] Startup()
    {
        byte[] parameters = Encoding.ASCII.GetBytes($"user\0{User}\0database\0{Postgres.BenchDatabase.Name}\0\0");
        byte[] message = new byte[8 + parameters.Length];
        BinaryPrimitives.WriteInt32BigEndian(message, message.Length);
        BinaryPrimitives.WriteInt32BigEndian(message.AsSpan(4), 0x0003_0000);
        parameters.CopyTo(message, 8);
        return message;
    }
}
