using System.Globalization;
using System.IO.Pipelines;
using Sallyport.Contract;

namespace Sallyport.Protocols.Postgres;

/// <summary>
/// A login by a person, in a browser. libpq takes nothing but authentication requests and errors before AuthenticationOk, so that is sent first, and
/// the NOTICE with the address behind it, where libpq prints it; nothing else comes until the person has logged in.
/// </summary>
internal sealed class PgPromptLogin(PgLogin login)
{
    /// <summary>Longest label that is shown to the person, characters.</summary>
    private const int MaxLabel = 128;

    /// <summary>How long the prompt may take to say itself that it has expired.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    public async Task<PgLoggedIn> RunAsync(string user, PgStartupParameters startup)
    {
        await login.AskAsync(AuthenticationRequest.Ok).ConfigureAwait(false);
        var attempt = new LoginAttempt(user, login.Client.Remote, Label(startup.ApplicationName), Label(startup.Database));
        using var gone = CancellationTokenSource.CreateLinkedTokenSource(login.Cancel);
        Task<LoginResult> prompting = login.Doors.Login.PromptAsync(attempt, ShowAsync, gone.Token).AsTask();
        Task<ReadResult> reading = login.Client.Input.ReadAsync(login.Cancel).AsTask();
        if (await Task.WhenAny(prompting, reading).ConfigureAwait(false) == reading)
        {
            await gone.CancelAsync().ConfigureAwait(false);
            await ((Task)prompting).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw Interrupted(await reading.ConfigureAwait(false));
        }

        // The read is taken back, and what it may have brought in this moment is left for the request loop.
        login.Client.Input.CancelPendingRead();
        ReadResult read = await reading.ConfigureAwait(false);
        login.Client.Input.AdvanceTo(read.Buffer.Start);
        LoginResult result = await prompting.ConfigureAwait(false);
        login.Extend(login.Limits.Handshake);
        return new PgLoggedIn(result.Identity ?? throw PgLogin.Refused(result.Refusal), user) { IsGreeted = true };
    }

    private static PgHandshakeException Interrupted(ReadResult read)
    {
        if (read.Buffer.IsEmpty || PgState.TryAdvance(PgClientState.Prompted, read.Buffer.FirstSpan[0], out _))
            return PgHandshake.Left();
        return PgHandshake.Violation(SessionStage.Login, "message-type", "nothing was asked for: the login is still waited for");
    }

    private async ValueTask ShowAsync(LoginPrompt prompt, CancellationToken cancel)
    {
        TimeSpan left = prompt.ExpiresAt - login.Doors.Time.GetUtcNow();
        if (left > login.Limits.Prompt)
            left = login.Limits.Prompt;
        login.Extend((left > TimeSpan.Zero ? left : TimeSpan.Zero) + Grace);
        using var writer = new PgWriter();
        new PgNotice($"log in at {prompt.Url} and check that it shows the code {prompt.Code}",
            string.Create(CultureInfo.InvariantCulture, $"It waits until {prompt.ExpiresAt.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC."),
            "Open the address in a browser: this connection goes on once you have logged in there. Ctrl-C gives up.").Write(writer);
        await login.Client.SendAsync(writer, cancel).ConfigureAwait(false);
    }

    /// <summary>What a stranger says, as a person can be shown it.</summary>
    private static string Label(string text) => new([.. text.Take(MaxLabel).Select(c => char.IsControl(c) ? '?' : c)]);
}
