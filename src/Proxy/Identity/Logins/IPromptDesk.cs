using Sallyport.Contract;

namespace Sallyport.Proxy.Identity.Logins;

/// <summary>A login that a person makes elsewhere, for a client that waits.</summary>
/// <param name="Id">What the desk knows it by.</param>
/// <param name="Prompt">What the person is shown.</param>
internal sealed record OpenPrompt(string Id, LoginPrompt Prompt);

/// <summary>The broker's side of <see cref="ILogin.PromptAsync"/>: where persons log in for clients that have nothing to prove them by.</summary>
internal interface IPromptDesk
{
    /// <summary>Opens a prompt; null: there are too many already, from there or in all.</summary>
    ValueTask<OpenPrompt?> OpenAsync(LoginAttempt attempt, CancellationToken cancel);

    /// <summary>Waits until the person has logged in, or has not. When the wait is cancelled the prompt is withdrawn: nobody can log in for a client that is gone.</summary>
    /// <returns>Who logged in, or a refusal: <c>prompt-expired</c>, <c>prompt-refused</c>.</returns>
    ValueTask<LoginResult> WaitAsync(OpenPrompt prompt, CancellationToken cancel);
}
