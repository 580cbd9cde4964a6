using System.Buffers.Binary;
using System.Net.Security;
using System.Net.Sockets;

namespace Sallyport.Wire.Tests.Peers;

/// <summary>A scripted PostgreSQL server: one connection of it.</summary>
public sealed class ServerPeer(Socket socket) : Peer(socket)
{
    /// <summary>The key it gives in <see cref="WelcomeAsync"/>; clients of Sallyport never see it.</summary>
    public static readonly byte[] OwnKey = [0xde, 0xad, 0xbe, 0xef];

    private PgMessage? _first;

    /// <summary>The first message, left for <see cref="ReceiveStartupAsync"/>; null when the connection was closed before it.</summary>
    public async Task<PgMessage?> PeekStartupAsync()
    {
        byte[] length = new byte[4];
        if (!await TryFillAsync(length))
            return null;
        byte[] body = new byte[BinaryPrimitives.ReadInt32BigEndian(length) - 4];
        await TryFillAsync(body);
        _first = new PgMessage(0, body);
        return _first;
    }

    /// <summary>A message without a type: Int32 code, and the rest.</summary>
    public async Task<(int Code, byte[] Data)> ReceiveStartupAsync()
    {
        PgMessage? message = _first ?? await PeekStartupAsync();
        _first = null;
        byte[] body = message!.Value.Body;
        return (BinaryPrimitives.ReadInt32BigEndian(body), body[4..]);
    }

    /// <summary>The parameters of the StartupMessage.</summary>
    public async Task<(int Version, Dictionary<string, string> Parameters)> ReceiveParametersAsync()
    {
        (int version, byte[] rest) = await ReceiveStartupAsync();
        string[] words = System.Text.Encoding.UTF8.GetString(rest).Split('\0');
        var parameters = new Dictionary<string, string>();
        for (int i = 0; i + 1 < words.Length && words[i].Length > 0; i += 2)
            parameters.Add(words[i], words[i + 1]);
        return (version, parameters);
    }

    /// <summary>Takes the StartupMessage and lets it in without a password.</summary>
    public async Task LetInAsync(params byte[][] announcements)
    {
        await ReceiveStartupAsync();
        await WelcomeAsync(announcements);
    }

    /// <summary>AuthenticationOk up to the first ReadyForQuery.</summary>
    public Task WelcomeAsync(params byte[][] announcements) =>
        SendAsync([AuthenticationOk, .. announcements, BackendKeyData(4711, OwnKey), ReadyForQuery('I')]);

    public async Task StartTlsAsync(SslServerAuthenticationOptions options)
    {
        var tls = new SslStream(Stream, leaveInnerStreamOpen: false);
        await tls.AuthenticateAsServerAsync(options);
        Stream = tls;
    }

    /// <summary>The engine flushes whenever it waits for a reply; a Flush changes nothing but when replies are sent (55.2.3).</summary>
    protected override bool IsIncidental(PgMessage message) => message.Type == 'H';
}
