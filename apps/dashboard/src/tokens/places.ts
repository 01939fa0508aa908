import { LOCATIONS } from '@hangar/macaroon';

/** Who issues tokens and who vouches, in words. The location in a token is not signed: it is a hint, never a proof. */
export function placeWords(location: string, ownOrigin: string): string {
  switch (location) {
    case LOCATIONS.permission:
      return "Fly.io's API, or a gateway that speaks it";
    case LOCATIONS.authentication:
    case LOCATIONS.newAuthentication:
      return 'Fly.io, where a person signs in';
    case LOCATIONS.secrets:
      return "Fly.io's secrets";
    default:
      return location === `${ownOrigin}/discharge`
        ? 'this Hangar, where a person signs in and confirms'
        : 'somebody else';
  }
}
