using System.Globalization;
using Sallyport.Contract;
using Sallyport.Protocols.Ssh.Keys;
using Sallyport.Protocols.Ssh.Transport;

namespace Sallyport.Protocols.Ssh.Auth;

/// <summary>
/// The client's side of RFC 4252: logs in at a target with the credential that is held for it. The transport has judged the host key before; a target
/// that refuses the key is never tried with the password.
/// </summary>
internal sealed class SshTargetAuth(SshTransport transport, TargetCredential credential)
{
    /// <summary>Most banners of a target; nobody is shown them.</summary>
    private const int MaxBanners = 32;

    /// <summary>Most rounds of questions.</summary>
    private const int MaxRounds = 8;

    private int _banners;

    /// <summary>Logs in.</summary>
    /// <exception cref="SshEndException">The target refuses, or broke the rules; it has been told.</exception>
    /// <exception cref="IOException">The connection broke.</exception>
    public async ValueTask RunAsync(CancellationToken cancel)
    {
        try
        {
            await transport.WriteAsync(new SshWriter().Byte(SshMessageNumber.ServiceRequest).String(SshAuthMessages.Service).ToArray(), cancel).ConfigureAwait(false);
            Memory<byte> accept = await TakeAsync(cancel).ConfigureAwait(false);
            if (!accept.Span.SequenceEqual(SshAuthMessages.Accept()))
                throw Violation("SERVICE_ACCEPT was expected");
            await LogInAsync(cancel).ConfigureAwait(false);
            transport.Authenticated();
        }
        catch (SshEndException end)
        {
            await transport.DisconnectAsync(end.DisconnectReason, "the login has failed").ConfigureAwait(false);
            throw;
        }
    }

    private async ValueTask LogInAsync(CancellationToken cancel)
    {
        if (!credential.PrivateKey.IsEmpty)
        {
            SshAuthFailure? failure = await KeyAsync(cancel).ConfigureAwait(false);
            if (failure is null)
                return;
            if (failure.Partial && credential.Password.Length > 0)
                failure = await PasswordAsync(failure, cancel).ConfigureAwait(false);
            if (failure is not null)
                throw Refused(failure);
            return;
        }

        if (credential.Password.Length == 0)
            throw End(SessionSide.Proxy, "target-credential-missing", "There is neither a key nor a password for the target.");
        if (await PasswordAsync(null, cancel).ConfigureAwait(false) is { } refused)
            throw Refused(refused);
    }

    /// <summary>Signs at once, without asking first: the key is the only one there is. Null: logged in.</summary>
    private async ValueTask<SshAuthFailure?> KeyAsync(CancellationToken cancel)
    {
        SshPrivateKey key = LoadKey();
        SshAuthFailure? failure = null;
        foreach (string algorithm in Algorithms(key))
        {
            bool certified = !key.Certificate.IsEmpty;
            SshWriter request = Request("publickey").Boolean(true)
                .String(certified ? CertifiedName(algorithm) : algorithm)
                .String(certified ? key.Certificate.Span : key.PublicBlob.Span);
            byte[] signature = key.Sign(algorithm, new SshWriter().String(transport.SessionId.Span).Raw(request.Written).Written);
            await transport.WriteAsync(request.String(signature).ToArray(), cancel).ConfigureAwait(false);
            Memory<byte> reply = await TakeAsync(cancel).ConfigureAwait(false);
            if (reply.Span[0] == SshMessageNumber.UserauthSuccess)
                return null;
            failure = SshAuthFailure.Parse(reply.Span) ?? throw Violation("neither success nor failure came after a signature");
            if (failure.Partial)
                return failure;
        }

        return failure ?? throw End(SessionSide.Target, "target-login-refused", "The target takes none of the key's signature algorithms.");
    }

    /// <summary>Null: logged in.</summary>
    private async ValueTask<SshAuthFailure?> PasswordAsync(SshAuthFailure? before, CancellationToken cancel)
    {
        SshAuthFailure? failure = before;
        if (before is null || before.Allows("password"))
        {
            await transport.WriteAsync(Request("password").Boolean(false).String(credential.Password).ToArray(), cancel).ConfigureAwait(false);
            Memory<byte> reply = await TakeAsync(cancel).ConfigureAwait(false);
            if (reply.Span[0] == SshMessageNumber.UserauthSuccess)
                return null;
            if (reply.Span[0] == SshMessageNumber.UserauthPkOk)
                throw End(SessionSide.Target, "target-login-refused", "The target asks for a change of the password.");
            failure = SshAuthFailure.Parse(reply.Span) ?? throw Violation("neither success nor failure came after a password");

            // Where the method goes on being offered it was the password that was wrong: it is not tried again in another way.
            if (failure.Allows("password") || failure.Partial)
                return failure;
        }

        return failure!.Allows("keyboard-interactive") ? await AnswerAsync(cancel).ConfigureAwait(false) : failure;
    }

    /// <summary>Answers one hidden question with the password (RFC 4256). Any other question is not for us. Null: logged in.</summary>
    private async ValueTask<SshAuthFailure?> AnswerAsync(CancellationToken cancel)
    {
        await transport.WriteAsync(Request("keyboard-interactive").String("").String("").ToArray(), cancel).ConfigureAwait(false);
        bool answered = false;
        for (int round = 0; round < MaxRounds; round++)
        {
            Memory<byte> message = await TakeAsync(cancel).ConfigureAwait(false);
            if (message.Span[0] == SshMessageNumber.UserauthSuccess)
                return null;
            if (message.Span[0] == SshMessageNumber.UserauthFailure)
                return SshAuthFailure.Parse(message.Span) ?? throw Violation("malformed USERAUTH_FAILURE");
            if (message.Span[0] != SshMessageNumber.UserauthInfoRequest || !TryReadQuestions(message.Span, out uint questions, out bool echo))
                throw Violation("malformed USERAUTH_INFO_REQUEST");
            if (questions > 1 || (questions == 1 && (answered || echo)))
                throw End(SessionSide.Target, "target-login-refused", "The target asks for more than a password.");
            SshWriter answer = new SshWriter().Byte(SshMessageNumber.UserauthInfoResponse).UInt32(questions);
            if (questions == 1)
                answer.String(credential.Password);
            answered |= questions == 1;
            await transport.WriteAsync(answer.ToArray(), cancel).ConfigureAwait(false);
        }

        throw Violation("the target asks without end");
    }

    private static bool TryReadQuestions(ReadOnlySpan<byte> message, out uint questions, out bool echo)
    {
        var reader = new SshReader(message[1..]);
        reader.ReadString(); // name
        reader.ReadString(); // instruction
        reader.ReadString(); // language
        questions = reader.ReadUInt32();
        echo = false;
        for (uint i = 0; i < questions && !reader.Failed; i++)
        {
            reader.ReadString();
            echo |= reader.ReadByte() != 0;
        }

        return reader.AtEnd;
    }

    private SshPrivateKey LoadKey()
    {
        try
        {
            SshPrivateKey key = SshPrivateKey.Load(credential.PrivateKey.Span);
            return credential.Certificate.IsEmpty ? key : key.WithCertificate(credential.Certificate.Span);
        }
        catch (Exception bad) when (bad is FormatException or ArgumentException)
        {
            throw new SshEndException(new SessionEnd(SessionSide.Proxy, SessionStage.TargetLogin, "target-credential-bad", null, bad.Message), SshDisconnectReason.ByApplication, bad.Message, bad);
        }
    }

    /// <summary>What the target says it takes (RFC 8308 3.1, RFC 8332 3.3), strongest first. One that says nothing is tried with all: none of them is weak.</summary>
    private IEnumerable<string> Algorithms(SshPrivateKey key)
    {
        IReadOnlyList<string> said = transport.ServerSigAlgs;
        if (said.Count == 0 || key.PublicKey.Type != SshKeyTypes.Rsa)
            return key.Algorithms;

        // A server may name plain algorithms only and mean certificates as well, as OpenSSH's own did.
        return key.Algorithms.Where(algorithm => said.Contains(algorithm) || (!key.Certificate.IsEmpty && said.Contains(CertifiedName(algorithm)))).Take(1);
    }

    private static string CertifiedName(string algorithm) => SshKeyTypes.Certified(algorithm);

    private SshWriter Request(string method) =>
        new SshWriter().Byte(SshMessageNumber.UserauthRequest).String(credential.User).String(SshAuthMessages.Connection).String(method);

    /// <summary>The next message that is not a banner.</summary>
    private async ValueTask<Memory<byte>> TakeAsync(CancellationToken cancel)
    {
        while (true)
        {
            Memory<byte> message = await transport.ReadAsync(cancel).ConfigureAwait(false);
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            if (message.IsEmpty)
                throw End(SessionSide.Target, "target-login-refused", "The target has closed the connection during the login.", reason: 0, detail: transport.PeerDisconnect);
            if (message.Span[0] != SshMessageNumber.UserauthBanner)
                return message;
            if (++_banners > MaxBanners)
                throw Violation("too many banners");
        }
    }

    private static SshEndException Refused(SshAuthFailure failure) =>
        End(SessionSide.Target, "target-login-refused", failure.Partial ? "The target wants a further proof." : "The target refuses the login.", detail: "it allows " + failure.Methods);

    private static SshEndException Violation(string message) => End(SessionSide.Target, "protocol-violation", message, SshDisconnectReason.ProtocolError);

    private static SshEndException End(SessionSide side, string word, string message, uint reason = SshDisconnectReason.ByApplication, string? detail = null) =>
        new(new SessionEnd(side, SessionStage.TargetLogin, word, reason.ToString(CultureInfo.InvariantCulture), detail is null ? message : $"{message} ({detail})"), reason, message);
}
