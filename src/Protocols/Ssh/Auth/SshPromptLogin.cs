using System.Globalization;
using Sallyport.Contract;
using Sallyport.Protocols.Ssh.Keys;

namespace Sallyport.Protocols.Ssh.Auth;

/// <summary>
/// The <c>keyboard-interactive</c> method (RFC 4256): a person logs in elsewhere while the client waits.
/// <code>
///   1. asks for the login name, unless an earlier proof has said who it is
///   2. shows address and code in a request without questions, which clients answer at once; the login goes on by itself when the person is done
///   3. after a while asks once more with a question: a client that shows questions only shows this one
///   4. a person who is done is told by a last request without questions: its answer is the end of the method's own messages
/// </code>
/// </summary>
internal sealed class SshPromptLogin(SshServerAuth auth, SshServerAuthParts parts)
{
    /// <summary>How long the person sees only what needs no key to be pressed.</summary>
    internal static readonly TimeSpan AskAfter = TimeSpan.FromSeconds(45);

    /// <summary>How long the prompt may take to say itself that it has expired.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    private const int MaxLabel = 128;
    private const int MaxAnswer = 256;

    /// <summary>Runs one attempt; null: the client has sent another request instead, to which no failure may be sent (RFC 4252 5.1).</summary>
    public async ValueTask<SshFactor?> RunAsync(SshAuthRequest request, string? person, CancellationToken cancel)
    {
        if (person is null)
        {
            // A name is typed in no time: nobody holds a stranger's place for long by not typing it.
            parts.Extend(parts.Listener.Limits.Handshake);
            await AskAsync("", "Login name: ", cancel).ConfigureAwait(false);
            if (await AnswerAsync(1, cancel).ConfigureAwait(false) is not { } answer)
                return null;
            parts.Extend(parts.Listener.Limits.Handshake);
            person = answer.Trim();
        }

        if (person.Length == 0)
            return SshFactor.Failed(SshMethod.KeyboardInteractive, "login-name-missing");
        var attempt = new LoginAttempt(Label(person), parts.Transport.Duplex.Remote, Label(parts.Transport.PeerVersion), Label(request.User));
        using var gone = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var shown = new TaskCompletionSource<LoginPrompt>(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<LoginResult> prompting = parts.Login.PromptAsync(attempt, (prompt, _) =>
        {
            shown.TrySetResult(prompt);
            return default;
        }, gone.Token).AsTask();
        try
        {
            return await WaitAsync(prompting, shown.Task, gone.Token, cancel).ConfigureAwait(false);
        }
        finally
        {
            // A client that is gone, or wants something else, withdraws the prompt.
            await gone.CancelAsync().ConfigureAwait(false);
            await ((Task)prompting).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async ValueTask<SshFactor?> WaitAsync(Task<LoginResult> prompting, Task<LoginPrompt> shown, CancellationToken gone, CancellationToken cancel)
    {
        LoginPrompt? prompt = null;
        Task late = Task.Delay(Timeout.InfiniteTimeSpan, gone);
        while (!prompting.IsCompleted)
        {
            Task reading = auth.Reading(cancel);
            await Task.WhenAny(prompt is null ? [prompting, reading, shown] : [prompting, reading, late]).ConfigureAwait(false);
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            if (reading.IsCompleted)
            {
                if (await AnswerAsync(-1, cancel).ConfigureAwait(false) is null)
                    return null;
            }
            else if (prompt is null && shown.IsCompleted)
            {
                prompt = await shown.ConfigureAwait(false);
                await ShowAsync(prompt, cancel).ConfigureAwait(false);
                late = Task.Delay(AskAfter, parts.Time, gone);
            }
            else if (prompt is not null && late.IsCompleted && auth.State == SshAuthState.Prompted)
            {
                await AskAsync("", $"Log in at {prompt.Url} (code {prompt.Code}), then press Enter here: ", cancel).ConfigureAwait(false);
                late = Task.Delay(Timeout.InfiniteTimeSpan, gone);
            }
            else if (late.IsCompleted && !prompting.IsCompleted)
            {
                late = Task.Delay(AskAfter, parts.Time, gone);
            }
        }

        LoginResult result = await prompting.ConfigureAwait(false);
        parts.Extend(parts.Listener.Limits.Handshake);

        // A question that is open must be answered before anything else is said; and where somebody is let in, the read that goes on must end here.
        if (result.Identity is not null && auth.State == SshAuthState.Prompted)
            await AskAsync("", null, cancel).ConfigureAwait(false);
        while (auth.State == SshAuthState.Info)
        {
            if (await AnswerAsync(-1, cancel).ConfigureAwait(false) is null)
                return null;
        }

        auth.State = SshAuthState.Request;
        return new SshFactor(SshMethod.KeyboardInteractive, result, "prompt:" + Guid.NewGuid().ToString("N"));
    }

    private async ValueTask ShowAsync(LoginPrompt prompt, CancellationToken cancel)
    {
        TimeSpan left = prompt.ExpiresAt - parts.Time.GetUtcNow();
        TimeSpan longest = parts.Listener.Limits.Prompt;
        parts.Extend((left < TimeSpan.Zero ? TimeSpan.Zero : left < longest ? left : longest) + Grace);
        string until = prompt.ExpiresAt.UtcDateTime.ToString("HH:mm:ss", CultureInfo.InvariantCulture);
        await AskAsync($"Log in at {prompt.Url}\nand check that it shows the code {prompt.Code}.\nThis connection goes on once you have; it waits until {until} UTC. Ctrl-C gives up.", null, cancel).ConfigureAwait(false);
    }

    private async ValueTask AskAsync(string instruction, string? question, CancellationToken cancel)
    {
        auth.State = SshAuthState.Info;
        await parts.Transport.WriteAsync(SshAuthMessages.Info(instruction, question), cancel).ConfigureAwait(false);
    }

    /// <summary>The answer to what was asked, "" where nothing was; null: another request has come instead.</summary>
    /// <param name="count">Answers that there must be; negative: none or one, whose words do not matter.</param>
    private async ValueTask<string?> AnswerAsync(int count, CancellationToken cancel)
    {
        Memory<byte> message = await auth.TakeAsync(cancel).ConfigureAwait(false);
        if (message.Span[0] != SshMessageNumber.UserauthInfoResponse)
        {
            auth.Hold(message);
            return null;
        }

        var reader = new SshReader(message.Span[1..]);
        uint answers = reader.ReadUInt32();
        string answer = answers == 1 ? reader.ReadText(MaxAnswer) : "";
        if (!reader.AtEnd || (count < 0 ? answers > 1 : answers != count) || answer.Any(char.IsControl))
            throw SshServerAuth.Violation("malformed USERAUTH_INFO_RESPONSE");
        return answer;
    }

    /// <summary>What a stranger says, as a person can be shown it.</summary>
    private static string Label(string text) => new([.. text.Take(MaxLabel).Select(c => char.IsControl(c) ? '?' : c)]);
}
