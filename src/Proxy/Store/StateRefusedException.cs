namespace Sallyport.Proxy.Store;

/// <summary>The state must not be used as it is: made by a newer version, sealed by another key, in use under the same name. The message is for the operator.</summary>
internal sealed class StateRefusedException(string message, Exception? inner = null) : IOException(message, inner);
