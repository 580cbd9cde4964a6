namespace Sallyport.Proxy.Store;

/// <summary>
/// What is sealed, and for what. The row is part of the purpose: a secret moved to another row does not open there. Every column of sealed secrets is in
/// <c>SealedColumns</c> too, or it would be left behind when keys change.
/// </summary>
internal static class SealPurposes
{
    public static string UserTotp(Guid user) => $"users.totp:{user:N}";

    public static string UserProviderRefreshToken(Guid user) => $"users.refresh-token:{user:N}";

    public static string SigningKey(string id) => $"signing-keys.key:{id}";

    public static string TargetPassword(string target) => $"targets.password:{target}";

    public static string OneTime(string key) => $"one-times.payload:{key}";
}
