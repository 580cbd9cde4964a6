using System.Net;
using Sallyport.Contract;

namespace Sallyport.Proxy.Identity.Logins;

/// <summary>The broker's side of <see cref="ILogin.PromptAsync"/>: where persons log in for clients that have nothing to prove themselves by.</summary>
internal interface IPromptDesk
{
    /// <summary>Opens a prompt; null: there are too many already, from there or in all. <see cref="WaitAsync"/> must follow.</summary>
    Task<LoginPrompt?> OpenAsync(LoginAttempt attempt, CancellationToken cancel);

    /// <summary>Waits until the person has logged in, or has not. When the wait is cancelled the prompt is withdrawn: nobody can log in for a client that is gone.</summary>
    Task<LoginResult> WaitAsync(LoginPrompt prompt, IPAddress source, CancellationToken cancel);
}
